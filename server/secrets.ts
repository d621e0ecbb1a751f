import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { inspect } from "node:util";

/**
 * Text that must not be printed: a key, a wallet connection, a token.
 *
 * However it gets into a log line, a template, JSON or an error, it shows as `[secret]`; only
 * {@link Secret.reveal} gives it out, at the place that uses it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** Encrypts what is stored of tenants' secrets. */
export interface Vault {
  /** @param context what the bytes belong to, e.g. the row's id; they open under the same one only */
  seal(text: string, context: string): Uint8Array;
  /** @throws Error where the bytes were changed, moved to another context or sealed by another key */
  open(bytes: Uint8Array, context: string): Secret;
}

/** Format 1: this byte, the nonce, the ciphertext, the tag. */
const format = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

/**
 * AES-256-GCM (NIST SP 800-38D) under a key derived from the platform's secret key by HKDF-SHA256
 * (RFC 5869). The label keeps the derived key apart from every other use of the platform's secret.
 */
export function createVault(platformSecret: Uint8Array): Vault {
  const key = new Uint8Array(hkdfSync("sha256", platformSecret, "", "berth secrets table v1", 32));
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return new Uint8Array(
        Buffer.concat([Uint8Array.of(format), nonce, sealed, cipher.getAuthTag()]),
      );
    },
    open(bytes, context) {
      if (bytes[0] !== format || bytes.length < headBytes + tagBytes) {
        throw new Error("a sealed secret is of an unknown format");
      }
      const nonce = bytes.subarray(1, headBytes);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = decipher.update(bytes.subarray(headBytes, -tagBytes));
        return new Secret(Buffer.concat([text, decipher.final()]).toString("utf8"));
      } catch {
        throw new Error("a sealed secret does not open: changed, moved, or sealed by another key");
      }
    },
  };
}
