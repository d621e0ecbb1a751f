/** Whether these are the sandbox's pages, with its bar. Decided when they are built. */
declare const __SANDBOX__: boolean;
declare module "*.css";
