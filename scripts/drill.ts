import { runDrill, typed, refused } from "../components/operations/drill/command";
import { request } from "../components/operations/drill/request";
import { run } from "./frame";

void run(request, runDrill, { typed, refused });
