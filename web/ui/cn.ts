import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** Classes joined; of two that say the same property, the later counts. */
export const cn = (...classes: ClassValue[]): string => twMerge(clsx(classes));
