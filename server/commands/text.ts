import { isSafeText } from "../../machines/names.ts";
import { AppError } from "../errors.ts";

/**
 * What people typed as name and description, trimmed and in one Unicode form (NFC).
 * @throws AppError 422 naming the field, where zooid, a terminal or a reader could be misled by it.
 */
export function cleanTexts<T extends { name?: string; description?: string }>(texts: T): T {
  const cleaned = { ...texts };
  if (texts.name !== undefined) cleaned.name = clean("name", texts.name, false);
  if (texts.description !== undefined)
    cleaned.description = clean("description", texts.description, true);
  return cleaned;
}

function clean(field: string, text: string, lines: boolean): string {
  if (!isSafeText(text, { lines }))
    throw new AppError(
      "unsafe_text",
      422,
      `remove control characters${lines ? "" : ", line breaks"} and marks that change the direction of text`,
      { field },
    );
  const cleaned = text.normalize("NFC").trim();
  if (!lines && cleaned === "")
    throw new AppError("unsafe_text", 422, "write at least one visible character", { field });
  return cleaned;
}

/** What people typed on one line, trimmed and in one Unicode form. @throws AppError 422 naming the field */
export const cleanLine = (field: string, text: string): string => clean(field, text, false);

/** Why an operator acts, on one line. @throws AppError 422 naming `reason` */
export const cleanReason = (reason: string): string => clean("reason", reason, false);
