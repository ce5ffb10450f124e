namespace Larder.Worker.Tests.Host;

/// <summary>How the Functions host starts a worker.</summary>
internal static class WorkerStart
{
    private const int MessageBytes = int.MaxValue;

    /// <summary>The command line, with names of old and of new hosts.</summary>
    /// <param name="host">Where the host's gRPC service listens.</param>
    public static string[] Arguments(Uri host)
    {
        var request = $"{Guid.NewGuid()}";
        var worker = $"{Guid.NewGuid()}";
        return
        [
            "--host", host.Host, "--port", $"{host.Port}", "--workerId", worker, "--requestId", request, "--grpcMaxMessageLength", $"{MessageBytes}",
            "--functions-uri", host.AbsoluteUri, "--functions-worker-id", worker, "--functions-request-id", request, "--functions-grpc-max-message-length", $"{MessageBytes}",
        ];
    }

    /// <summary>The environment variables that are the host's own.</summary>
    /// <param name="app">The folder of the app.</param>
    public static (string Name, string Value)[] Variables(string app) =>
        [("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"), ("FUNCTIONS_WORKER_DIRECTORY", app), ("FUNCTIONS_APPLICATION_DIRECTORY", app)];
}
