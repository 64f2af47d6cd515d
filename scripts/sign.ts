import { sign } from "../components/operations/sign/command";
import { request } from "../components/operations/sign/request";
import { run } from "./frame";

void run(request, sign);
