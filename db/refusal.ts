/** Why Berth does not start on a database: the file, what is wrong with it, and what to do, in one line. */
export class DatabaseRefused extends Error {
  override readonly name: string = "DatabaseRefused";

  constructor(file: string, problem: string, advice: string, options?: ErrorOptions) {
    super(`${file}: ${problem}. ${advice}`, options);
  }
}
