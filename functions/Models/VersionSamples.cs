using System.Buffers;
using System.ComponentModel;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Operations;
using Larder.Inference.Sessions;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>The samples of a version: inputs with the outputs that are expected for them.</summary>
public sealed class VersionSamples(ModelRegistry registry, SampleStore store, SessionCache sessions, ServerVersion server, TimeProvider time)
{
    private static readonly JsonBody<PredictionRequest> Body = new("{values:[...]}");

    /// <summary>Runs the version on the body of a prediction, and adds body and outputs to its samples. Honours <c>If-Match</c>.</summary>
    [Function("AddSample"), Requires(Role.Contributor), Description("Record a sample of a version: {\"values\": ...}.")]
    [Query, Takes(nameof(Body)), TakesHeaders(EntityTags.IfMatch), Answers(typeof(SamplesAnswer))]
    public async Task<IActionResult> Add(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}/samples")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var model = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).RequireServable();
        var body = await Body.ReadObjectAsync(request, cancellationToken);
        if (!body.TryGetProperty("values", out var values))
            throw new InvalidRequestException("No input for the model provided as (values:[...])");
        var samples = await store.ReadAsync(model.Version.Files, cancellationToken);
        var sample = new GoldenSample(JsonNode.Parse(values.GetRawText()), await RunAsync(model, values, cancellationToken));
        var files = await store.StoreAsync([.. samples, sample], cancellationToken);
        var patch = new VersionPatch { Samples = files, SampleCheck = new SampleCheck(server.OnnxRuntime, time.GetUtcNow(), null) };
        return await AnswerAsync(await UpdateAsync(request, model, patch, cancellationToken), $"Sample {samples.Count + 1} of {model.Model.Name}:{model.Version.Version} recorded", cancellationToken);
    }

    /// <summary>The samples of a version.</summary>
    [Function("GetSamples"), Requires(Role.Reader), Description("The samples of a version, and the last comparison with them.")]
    [Query, Answers(typeof(SamplesAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/samples")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        return await AnswerAsync(await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken), "Samples provided", cancellationToken);
    }

    /// <summary>Removes the samples of a version. Honours <c>If-Match</c>.</summary>
    [Function("DeleteSamples"), Requires(Role.Contributor), Description("Remove the samples of a version.")]
    [Query, TakesHeaders(EntityTags.IfMatch), Answers(typeof(SamplesAnswer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{reference}/samples")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var model = await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);
        return await AnswerAsync(await UpdateAsync(request, model, new VersionPatch { Samples = [] }, cancellationToken), $"Samples of {model.Model.Name}:{model.Version.Version} removed", cancellationToken);
    }

    // On the condition that the model is as it was read: of two samples that are added at the same time, none may be lost.
    private Task<ResolvedModel> UpdateAsync(HttpRequest request, ResolvedModel model, VersionPatch patch, CancellationToken cancellationToken) =>
        registry.UpdateVersionAsync(model.Model.Name, model.Version.Version, patch, request.IfMatch() ?? model.Model.ETag, request.Caller().Name, cancellationToken);

    private async Task<JsonObject> RunAsync(ResolvedModel model, JsonElement values, CancellationToken cancellationToken)
    {
        using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
        using var inputs = lease.Model.RentInputs();
        var json = Encoding.UTF8.GetBytes(values.GetRawText());
        await inputs.ReserveAsync(new ReadOnlySequence<byte>(json), binary: 0, cancellationToken);
        Read();
        using var outputs = await lease.Model.RunAsync(inputs, cancellationToken);
        var byName = new JsonObject();
        for (var i = 0; i < outputs.Count; i++)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
                outputs.WriteValue(i, writer);
            byName[model.Version.Onnx.Signature.Outputs[i].Name] = JsonNode.Parse(buffer.WrittenSpan);
        }

        return byName;

        void Read()
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            inputs.Read(ref reader, model.Features);
        }
    }

    private async Task<IActionResult> AnswerAsync(ResolvedModel model, string description, CancellationToken cancellationToken)
    {
        var samples = await store.ReadAsync(model.Version.Files, cancellationToken);
        return Envelope.Ok(description, new SamplesAnswer
        {
            Version = model.Version.Version,
            Samples = [.. samples.Select(sample => new SampleDetails { Values = sample.Values, Outputs = sample.ByName(model.Version.Onnx.Signature) })],
            Tolerance = ModelAnswers.Of(model.Version.SampleTolerance),
            Check = ModelAnswers.Of(model.Version.SampleCheck),
        }).WithETag(model.Model.ETag);
    }
}
