using System.ComponentModel;
using System.Reflection;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Functions.Operations;

/// <summary>What this server is: set by the build, the same for every request.</summary>
/// <param name="Version">Larder's version, such as <c>0.2.0</c>.</param>
/// <param name="Commit">The Git commit that it was built from; null when the build did not know it (no .git folder).</param>
/// <param name="DotNet">The version of the .NET runtime.</param>
/// <param name="OnnxRuntime">The version of ONNX Runtime.</param>
/// <param name="Host">What runs the functions: <c>self-host</c> or <c>functions-host</c>.</param>
public sealed record ServerVersion(string Version, string? Commit, string DotNet, string OnnxRuntime, string Host)
{
    /// <summary>The version of this process.</summary>
    /// <param name="isWorker">Whether the Functions host drives this process.</param>
    public static ServerVersion Of(bool isWorker)
    {
        var (version, commit) = Parse(typeof(ServerVersion).Assembly);
        return new ServerVersion(version, commit, $"{Environment.Version}", Parse(typeof(InferenceSession).Assembly).Version, isWorker ? "functions-host" : "self-host");
    }

    // The SDK writes VERSION+COMMIT (SourceRevisionId).
    private static (string Version, string? Commit) Parse(Assembly assembly)
    {
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? $"{assembly.GetName().Version}";
        return text.Split('+', 2) is [var version, var commit] ? (version, commit) : (text, null);
    }
}

/// <summary>The version of the server, for MLflow's clients and for people.</summary>
public sealed class ReportVersion(ServerVersion server)
{
    /// <summary>The version alone as plain text, which MLflow's clients ask for before they send credentials.</summary>
    [Function("Version"), Requires(Role.None), Description("The version, as plain text.")]
    [Answers(MediaType = "text/plain")]
    public IActionResult Version([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "version")] HttpRequest request) =>
        new ContentResult { Content = server.Version, ContentType = "text/plain; charset=utf-8" };

    /// <summary>The version with commit, runtimes and host.</summary>
    [Function("VersionDetails"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("The version, commit, runtimes and host.")]
    [Query, Answers(typeof(VersionAnswer))]
    public IActionResult Details([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/version")] HttpRequest request)
    {
        return Envelope.Ok("Version provided", new VersionAnswer
        {
            Version = server.Version,
            Commit = server.Commit,
            DotNet = server.DotNet,
            OnnxRuntime = server.OnnxRuntime,
            Host = server.Host,
        });
    }
}
