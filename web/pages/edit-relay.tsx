import { PageTitle } from "../components/page-title.tsx";

const Page = () => (
  <div class="page">
    <PageTitle title="edit-relay" />
  </div>
);
export default Page;
