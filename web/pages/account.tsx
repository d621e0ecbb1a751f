import { PageTitle } from "../components/page-title.tsx";

const Page = () => (
  <div class="page">
    <PageTitle title="account" />
  </div>
);
export default Page;
