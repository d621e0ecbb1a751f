import type { Network } from "./bolt11.ts";

/** By what names wallets call a network (NIP-47 get_info). */
export const NETWORK_NAMES: Record<Network, readonly [string, ...string[]]> = {
  bc: ["mainnet", "bitcoin"],
  bcrt: ["regtest"],
};

/** Whether a wallet is of another network than `network`, as far as it says. */
export const isOfAnotherNetwork = (said: string | null, network: Network): boolean =>
  said !== null && !NETWORK_NAMES[network].includes(said);
