import { grantOwnership } from "../components/operations/application-role/command";
import { request } from "../components/operations/application-role/request";
import { run } from "./frame";

void run(request, grantOwnership);
