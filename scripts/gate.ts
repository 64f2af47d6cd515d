import { waitForContainer } from "../components/operations/gate/command";
import { request } from "../components/operations/gate/request";
import { run } from "./frame";

void run(request, waitForContainer);
