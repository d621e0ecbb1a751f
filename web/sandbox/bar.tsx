/** The sandbox's own bar: its clock, its wallet, its faults. Not in the production bundle. */
const SandboxBar = () => (
  <aside aria-label="Sandbox" class="border-t border-line bg-tint">
    <div class="page py-2 text-sm text-soft">Sandbox</div>
  </aside>
);
export default SandboxBar;
