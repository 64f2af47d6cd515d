export { unlessDockerFails as answerOr } from "./errors";
