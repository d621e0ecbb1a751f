import { create } from "qrcode/lib/core/qrcode.js";
import { createMemo } from "solid-js";

const QUIET_MODULES = 2;

/**
 * A QR code as one path, sharp at every size; dark on white in every theme, since not every scanner
 * reads it the other way round.
 */
export const QrCode = (props: { text: string; label: string; class?: string }) => {
  const drawn = createMemo(() => {
    const { modules } = create(props.text, { errorCorrectionLevel: "M" });
    const path: string[] = [];
    for (let y = 0; y < modules.size; y++)
      for (let x = 0; x < modules.size; x++)
        if (modules.get(y, x)) path.push(`M${x + QUIET_MODULES} ${y + QUIET_MODULES}h1v1h-1z`);
    return { path: path.join(""), size: modules.size + 2 * QUIET_MODULES };
  });
  return (
    <svg
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${drawn().size} ${drawn().size}`}
      shape-rendering="crispEdges"
      class={props.class}
    >
      <rect width="100%" height="100%" fill="white" rx="1.5" />
      <path d={drawn().path} fill="black" />
    </svg>
  );
};
