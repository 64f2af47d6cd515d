import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { DockerClient, DockerError } from "../components/docker/client";
import { Refusal, run, say } from "./lib/run";

const input = z.object({
  dockerHost: z.string(),
  /** A Git URL or path. */
  source: z.string(),
  tag: z.string(),
  /** The folder in the repository that is the build's context and has its Dockerfile. */
  context: z.string(),
  image: z.string(),
});

const LOG_LINES = 20;

/** Builds one image from a tag of the source, on the Docker host, and gives its id. */
void run(input, async ({ dockerHost, source, tag, context, image }) => {
  const checkout = await mkdtemp(join(tmpdir(), "nestfleet-source-"));
  try {
    say(`fetching ${tag}`);
    await clone(source, tag, checkout);
    say(`building ${image}`);
    const docker = new DockerClient(dockerHost);
    await build(docker, join(checkout, context), image, tag);
    return (await docker.run(["image", "inspect", "--format", "{{.Id}}", image])).trim();
  } finally {
    await rm(checkout, { recursive: true, force: true });
  }
});

async function clone(source: string, tag: string, checkout: string): Promise<void> {
  const git = ["clone", "--quiet", "--depth", "1", "--branch", tag, "--", source, checkout];
  try {
    await promisify(execFile)("git", ["-c", "advice.detachedHead=false", ...git], {
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error);
    throw new Refusal(
      `The source has no tag ${tag}, or cannot be read; nothing was touched. Git says:\n${said.trim()}`,
    );
  }
}

async function build(docker: DockerClient, folder: string, image: string, tag: string): Promise<void> {
  try {
    await docker.run(["build", "--force-rm", "--tag", image, folder]);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    const log = `${error.stdout}${error.stderr}`.trim().split("\n").slice(-LOG_LINES).join("\n");
    throw new Refusal(`${image} cannot be built from ${tag}; nothing was touched. Docker says:\n${log}`);
  }
}
