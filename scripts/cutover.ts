import { cutOver } from "../components/operations/cutover/command";
import { request } from "../components/operations/cutover/request";
import { run } from "./frame";

void run(request, cutOver);
