import { buildImage } from "../components/operations/build/command";
import { request } from "../components/operations/build/request";
import { run } from "./frame";

void run(request, buildImage);
