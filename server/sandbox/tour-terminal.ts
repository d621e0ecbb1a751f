/** What happens on the tour, for whoever shows it. */
export type Reporter = {
  begins(title: string): void;
  ends(step: string, title: string, ms: number, say: string[], data: object): void;
  fails(step: string, title: string, ms: number, error: string): void;
  /** @param failed - the step that failed, null when all went well. */
  closes(ms: number, failed: string | null): void;
};

/** One JSON object a line: `{step, ok, ms, …}`, and in the end `{ok, ms}`. */
export function jsonReporter(write: (text: string) => void): Reporter {
  const line = (entry: object): void => write(`${JSON.stringify(entry)}\n`);
  const whole = Math.round;
  return {
    begins() {},
    ends: (step, _, ms, __, data) => line({ step, ok: true, ms: whole(ms), ...data }),
    fails: (step, _, ms, error) => line({ step, ok: false, ms: whole(ms), error }),
    closes: (ms, failed) => line({ ok: failed === null, ms: whole(ms) }),
  };
}

/** Lines for people. Colours and the line that is overwritten only where there is a terminal. */
export function terminalReporter(out: {
  isTTY?: boolean;
  write: (text: string) => unknown;
}): Reporter {
  const isTerminal = out.isTTY === true;
  const isColoured = isTerminal && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  const paint =
    (code: string) =>
    (text: string): string =>
      isColoured ? `\x1b[${code}m${text}\x1b[0m` : text;
  const bold = paint("1");
  const soft = paint("2");
  const green = paint("32");
  const red = paint("31");
  const buoy = paint("38;5;208");
  const time = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${seconds(ms)} s`);
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  let count = 0;
  const head = (mark: string, title: string, tail: string): string =>
    `${isTerminal ? "\r\x1b[K" : ""}${mark} ${soft(String(count).padStart(2))}  ${title}${tail}\n`;

  return {
    begins(title) {
      count++;
      if (isTerminal) out.write(`${buoy("○")} ${soft(String(count).padStart(2))}  ${title} …`);
    },
    ends(_, title, ms, say) {
      out.write(head(green("●"), bold(title), soft(`  ${time(ms)}`)));
      for (const line of say) out.write(`       ${soft(line)}\n`);
    },
    fails(_, title, ms, error) {
      out.write(head(red("✕"), bold(title), soft(`  ${time(ms)}`)));
      out.write(`       ${red(error)}\n`);
    },
    closes(ms, failed) {
      if (failed === null)
        out.write(
          `\n${count} steps in ${seconds(ms)} s. No real money, and only real protocols.\n` +
            `${soft("Walk it yourself:")} ${buoy("bun run sandbox")}\n`,
        );
      else out.write(`\nThe tour ended at step ${count}, ${failed}, after ${seconds(ms)} s.\n`);
    },
  };
}
