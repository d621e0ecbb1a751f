import { Checkbox } from "../../ui/checkbox.tsx";

/** Whether a key is kept here, and for how long otherwise. */
export const StayLoggedIn = (props: { keep: boolean; onKeep: (keep: boolean) => void }) => (
  <Checkbox
    label="Stay logged in on this device"
    hint={
      props.keep
        ? "Your key is kept in this browser, encrypted, until you log out."
        : "Your key is forgotten when you close this tab."
    }
    checked={props.keep}
    onChange={props.onKeep}
  />
);
