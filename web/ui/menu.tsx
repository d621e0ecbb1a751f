import { DropdownMenu } from "@kobalte/core/dropdown-menu";
import { type JSX, splitProps, type ValidComponent } from "solid-js";
import { cn } from "./cn.ts";

/** What a button opens: `trigger` is the button's content. */
export const Menu = (props: {
  label: string;
  trigger: JSX.Element;
  triggerClass?: string;
  isOpenAtFirst?: boolean;
  children: JSX.Element;
}) => (
  <DropdownMenu placement="bottom-end" gutter={6} defaultOpen={props.isOpenAtFirst ?? false}>
    <DropdownMenu.Trigger aria-label={props.label} class={props.triggerClass}>
      {props.trigger}
    </DropdownMenu.Trigger>
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        data-slot="menu"
        class="rise z-50 min-w-[220px] rounded-[12px] border border-line bg-raised p-1.5 shadow-[0_16px_40px_-20px_oklch(0.2_0.05_240/0.45)] outline-none"
      >
        {props.children}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu>
);

const itemClass =
  "flex min-h-10 cursor-pointer items-center gap-2.5 rounded-[8px] px-3 text-[15px] text-ink no-underline outline-none data-[highlighted]:bg-tint data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:text-soft";

export const MenuItem = (props: {
  onSelect?: () => void;
  as?: ValidComponent;
  href?: string;
  target?: string;
  rel?: string;
  class?: string;
  children: JSX.Element;
}) => {
  const [local, rest] = splitProps(props, ["class"]);
  return <DropdownMenu.Item class={cn(itemClass, local.class)} {...rest} />;
};
export const MenuSeparator = () => (
  <DropdownMenu.Separator class="mx-1 my-1.5 border-t border-line" />
);
export const MenuLabel = (props: { children: JSX.Element }) => (
  <div class="px-3 py-2 text-sm text-soft">{props.children}</div>
);
