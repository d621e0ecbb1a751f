import { PageTitle } from "../components/page-title.tsx";

const Page = () => (
  <div class="page">
    <PageTitle title="home" />
  </div>
);
export default Page;
