/** As much of aws4fetch 1.0.20 as the page uses; its own file has no types in it. */
export class AwsClient {
  constructor(options: {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
    service?: string;
    region?: string;
    retries?: number;
  });
  sign(
    input: string | URL | Request,
    init?: RequestInit & { aws?: { datetime?: string } },
  ): Promise<Request>;
}
