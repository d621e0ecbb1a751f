/** Whether these are the sandbox's pages, with its bar. Decided when they are built. */
declare const __SANDBOX__: boolean;
declare module "*.css";
/** The encoder alone, without what draws on a canvas. */
declare module "qrcode/lib/core/qrcode.js" {
  export { create } from "qrcode";
}
