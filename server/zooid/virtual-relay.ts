/** Everything zooid is to hold of one relay: desired state, from which its config document is derived. */
export type VirtualRelay = {
  /** `r` + 24 hex; also its id in zooid. */
  id: string;
  /** `<subdomain>.RELAY_DOMAIN`, with the port where RELAY_DOMAIN has one. */
  host: string;
  /** As `SAFE_SCHEMA` says; never given out twice. */
  schema: string;
  /** Hex secret key of the relay itself. Never logged; zooid's 400 bodies can contain it. */
  secret: string;
  /** The tenant's pubkey, 64 lower-case hex. Always set: without it zooid dies. */
  owner: string;
  name: string;
  description: string;
  icon: string;
  /** The plan's features. */
  blossom: boolean;
  livekit: { serverUrl: string; apiKey: string; apiSecret: string } | null;
  /** `live` answers, `inactive` is kept but answers 404, `absent` is deleted from zooid (data stays). */
  presence: "live" | "inactive" | "absent";
};

/** What the relay says of itself in NIP-11: the part that its owner can change over NIP-86. */
export type RelayInfo = { name: string; description: string; icon: string };
