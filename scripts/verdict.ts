import { giveVerdict } from "../components/operations/verdict/command";
import { request } from "../components/operations/verdict/request";
import { run } from "./frame";

void run(request, giveVerdict);
