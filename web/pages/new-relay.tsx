import { PageTitle } from "../components/page-title.tsx";

const Page = () => (
  <div class="page">
    <PageTitle title="new-relay" />
  </div>
);
export default Page;
