import { PageTitle } from "../components/page-title.tsx";

const Page = () => (
  <div class="page">
    <PageTitle title="login" />
  </div>
);
export default Page;
