using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>Triton's extensions that this server does not have: each is told apart from a wrong path, by 501 and a sentence that says what there is in its place.</summary>
public sealed class Unsupported
{
    private const string Tracing = "Trace settings are not supported: traces are configured by the server's OpenTelemetry settings.";

    /// <summary>Triton's logging extension.</summary>
    [Function("LoggingV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Triton's log settings: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult Logging([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "v2/logging")] HttpRequest request) =>
        throw Refuse("Log settings are not supported: log levels are configured in the server's host.json.");

    /// <summary>Triton's trace extension.</summary>
    [Function("TraceSettingV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Triton's trace settings: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult Trace([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "v2/trace/setting")] HttpRequest request) => throw Refuse(Tracing);

    /// <summary>Triton's trace extension, for one model.</summary>
    [Function("ModelTraceSettingV2"), Requires(Role.Reader), Description("Triton's trace settings of a model: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult ModelTrace([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "v2/models/{model}/trace/setting")] HttpRequest request, string model) => throw Refuse(Tracing);

    /// <summary>Triton's shared memory of this machine.</summary>
    [Function("SystemSharedMemoryV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Triton's shared memory: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult SystemSharedMemory([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "v2/systemsharedmemory/{*path}")] HttpRequest request) => throw NoSharedMemory();

    /// <summary>Triton's shared memory of a GPU.</summary>
    [Function("CudaSharedMemoryV2"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Triton's shared memory of a GPU: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult CudaSharedMemory([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "v2/cudasharedmemory/{*path}")] HttpRequest request) => throw NoSharedMemory();

    private static HttpStatusException NoSharedMemory() => Refuse("Shared memory is not supported: send tensors in the body, as JSON or with the binary tensor data extension.");

    private static HttpStatusException Refuse(string sentence) => new(ErrorKind.Unsupported, sentence);
}
