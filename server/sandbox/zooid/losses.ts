/**
 * What zooid loses only when calls fall together in time, so that no test could rely on it: each is off
 * until it is switched on, and then happens every time.
 */
export type Losses = {
  /**
   * An event that replaces one identical to it (same second, same tags) deletes itself: the member list
   * by a double click, a room by the same edit twice.
   */
  identicalReplace: boolean;
  /** Of those who join or leave at the same moment some are told OK, and are not members. */
  parallelJoins: boolean;
};

export const NO_LOSSES: Readonly<Losses> = { identicalReplace: false, parallelJoins: false };
