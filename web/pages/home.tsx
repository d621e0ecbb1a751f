import { onMount } from "solid-js";
import { Features } from "./home/features.tsx";
import { Hero } from "./home/hero.tsx";
import { Operators } from "./home/operators.tsx";
import { Plans } from "./home/plans.tsx";
import { Questions } from "./home/questions.tsx";
import { Steps } from "./home/steps.tsx";

/** What Berth is, for who has never seen it. Asks the server for nothing. */
const Home = () => {
  // The page is here later than the browser looked for the place that a link names.
  onMount(() => {
    const id = location.hash.slice(1);
    if (id) document.getElementById(id)?.scrollIntoView();
  });
  return (
    <>
      <Hero />
      <Steps />
      <Plans />
      <Features />
      <Operators />
      <Questions />
    </>
  );
};
export default Home;
