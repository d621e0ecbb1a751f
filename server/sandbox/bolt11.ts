import { createHash, randomBytes } from "node:crypto";
import { decode, encode, sign } from "bolt11";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";

/** BOLT-11: bech32 human-readable part of regtest, `lnbcrt`. */
const REGTEST = {
  bech32: "bcrt",
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  validWitnessVersions: [0, 1],
};
const MIN_FINAL_CLTV_EXPIRY = 18;
const MAX_BOLT11_LENGTH = 4096;

/** A tagged field holds at most 1023 groups of 5 bits (BOLT-11 "Tagged Fields"). */
export const MAX_DESCRIPTION_BYTES = 639;

/** What a bolt11 commits to, before it is signed. */
export type Bolt11Terms = {
  amountMsats: number;
  paymentHash: string;
  description: string;
  /** 64 hex; put in place of the description (field `h` instead of `d`) when given. */
  descriptionHash: string | null;
  /** Epoch seconds. */
  createdAt: number;
  expirySeconds: number;
};

/** Signs a regtest bolt11 with a node's key. @returns it in lower case. */
export function signBolt11(terms: Bolt11Terms, nodeSecret: string): string {
  const { amountMsats, paymentHash, description, descriptionHash } = terms;
  const unsigned = encode({
    network: REGTEST,
    millisatoshis: String(amountMsats),
    timestamp: terms.createdAt,
    tags: [
      { tagName: "payment_hash", data: paymentHash },
      descriptionHash === null
        ? { tagName: "description", data: description }
        : { tagName: "purpose_commit_hash", data: descriptionHash },
      { tagName: "expire_time", data: terms.expirySeconds },
      { tagName: "payment_secret", data: randomBytes(32).toString("hex") },
      { tagName: "min_final_cltv_expiry", data: MIN_FINAL_CLTV_EXPIRY },
    ],
  });
  const { paymentRequest } = sign(unsigned, nodeSecret);
  if (paymentRequest === undefined) throw new Error("bolt11 was not signed");
  return paymentRequest;
}

/** Payment hash (64 hex) of a signed regtest bolt11, or null when it is none. Never throws. */
export function paymentHashOf(bolt11: string): string | null {
  if (bolt11.length > MAX_BOLT11_LENGTH) return null;
  try {
    return decode(bolt11, REGTEST).tagsObject.payment_hash ?? null;
  } catch {
    return null;
  }
}

/** A secret that, once shown, proves payment: sha256(preimage) is the payment hash. Both 64 hex. */
export function newPreimage(): { preimage: string; paymentHash: string } {
  const preimage = randomBytes(32);
  const paymentHash = createHash("sha256").update(preimage).digest("hex");
  return { preimage: preimage.toString("hex"), paymentHash };
}

/** A Lightning node's key pair on secp256k1: 64 hex, and 66 hex compressed. */
export function newNodeKeys(): { secret: string; pubkey: string } {
  const secret = bytesToHex(generateSecretKey());
  // Signing is what tells the compressed form: Nostr's keys are x-only, and Bun's crypto lacks the curve.
  const { paymentHash } = newPreimage();
  const tags = [{ tagName: "payment_hash", data: paymentHash }];
  const { payeeNodeKey } = sign(encode({ network: REGTEST, tags }), secret);
  if (payeeNodeKey === undefined) throw new Error("the node key was not derived");
  return { secret, pubkey: payeeNodeKey };
}
