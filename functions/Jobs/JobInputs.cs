using System.ComponentModel;
using System.Text;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Jobs;

/// <summary>What a job was given: its files, and its options without secret values.</summary>
public sealed class JobInputs(JobAccess access, IArtifactStore artifacts)
{
    private const string Options = "options";

    /// <summary>What there is.</summary>
    [Function("ListJobInputs"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("What a job was given: its files and options.")]
    [Query, Answers(typeof(JobInputListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}/inputs")] HttpRequest request,
        string job,
        CancellationToken cancellationToken)
    {
        var shown = JobAnswers.Short(await access.OpenAsync(request.Caller(), job, JobWay.ReadInputs, cancellationToken));
        return Envelope.Ok("Job inputs provided", new JobInputListAnswer { Inputs = shown.Inputs, Options = shown.Options });
    }

    /// <summary>One of its files by its name, or <c>options</c> as JSON (<see cref="FileAnswer"/>).</summary>
    [Function("ReadJobInput"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("A file that a job was given (script, requirements, dataset), or its options; Range and If-None-Match are honoured.")]
    [Query, Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/jobs/{job}/inputs/{name}")] HttpRequest request,
        string job,
        string name,
        CancellationToken cancellationToken)
    {
        var found = await access.OpenAsync(request.Caller(), job, JobWay.ReadInputs, cancellationToken);
        if (name == Options)
        {
            var text = found.Options.ValueKind == JsonValueKind.Undefined ? "null" : found.Options.GetRawText();
            var json = Encoding.UTF8.GetBytes(text);
            return await new FileAnswer(TextHash.Of(text), json.Length, "options.json", "application/json")
                .SendAsync(request, (offset, length, _) => Task.FromResult<Stream>(new MemoryStream(json, (int)offset, (int)(length ?? json.Length - offset))), cancellationToken);
        }

        var input = found.Inputs.FirstOrDefault(input => input.Name == name)
            ?? throw new NotFoundException($"The job {found.Id} was given nothing of that name; GET /api/v1/jobs/{found.Id}/inputs lists what it was given.");
        return await new FileAnswer(input.Sha256, input.SizeBytes, input.FileName, FileAnswer.TypeOf(input.FileName)).SendAsync(request, artifacts, $"An input of the job {found.Id}", cancellationToken);
    }
}
