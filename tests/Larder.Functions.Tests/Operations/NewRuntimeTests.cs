using System.Net;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Testing;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Functions.Tests.Operations;

/// <summary>A server whose ONNX Runtime is another one than that of the last comparison with the samples. There is one here, so that the stored documents say another.</summary>
public sealed class NewRuntimeTests
{
    private const string Earlier = "1.2.3";
    private static readonly byte[] Model = OnnxModel.Identity(Datatype.Fp32, -1);

    [Fact]
    public async Task Another_ONNX_Runtime_compares_every_default_and_alias_with_their_samples()
    {
        var storage = await Azurite.AccountAsync();
        string runtime;
        await using (var before = await LarderProcess.StartAsync(storage))
        {
            runtime = (string)(await before.Client.GetJsonAsync("/api/v1/version")).Body["onnx_runtime"]!;
            await UploadAsync(before, "steady", "[1]");
            await UploadAsync(before, "changed", "[2]");
            await UploadAsync(before, "changed", "[1]");
            await before.Client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/changed/aliases/prod?force=true", """{"version": 1}""");
            await UploadAsync(before, "unserved", "[2]");
            await UploadAsync(before, "unserved", "[1]");
            Assert.Equal(0, await before.StopAsync());
        }

        var documents = await TestStore.OpenAsync(storage);
        var registry = new ModelRegistry(documents, TimeProvider.System, new AuditLog(documents, NullLogger<AuditLog>.Instance));
        foreach (var (name, version) in new[] { ("steady", 1), ("changed", 1), ("changed", 2), ("unserved", 1), ("unserved", 2) })
        {
            var files = (await registry.GetVersionAsync(ModelName.Parse(name), version)).Files;
            await registry.UpdateVersionAsync(
                ModelName.Parse(name), version, new VersionPatch { Description = "before", Samples = files, SampleCheck = new SampleCheck(Earlier, DateTimeOffset.UnixEpoch, null) });
        }

        await using var after = await LarderProcess.StartAsync(storage);
        foreach (var reference in new[] { "steady:1", "changed:2", "unserved:2", "changed:1" })
            await Eventually.TrueAsync(async () => (string)(await CheckAsync(after, reference))["onnx_runtime"]! == runtime);

        Assert.Null((await CheckAsync(after, "steady:1"))["difference"]);
        Assert.Null((await CheckAsync(after, "changed:2"))["difference"]);
        const string Difference = "For samples[0], output 'y' at [0] is 2 in the expected outputs and 1 in the model's outputs (atol 1E-05, rtol 0.0001).";
        Assert.Equal(Difference, (string)(await CheckAsync(after, "changed:1"))["difference"]!);
        Assert.Equal(Earlier, (string)(await CheckAsync(after, "unserved:1"))["onnx_runtime"]!);
        var metrics = await after.Client.GetStringAsync("/metrics");
        Assert.Contains("larder_samples_checks_total{model=\"changed\",result=\"different\",version=\"1\"} 1", metrics);
        Assert.Contains("larder_samples_checks_total{model=\"steady\",result=\"same\",version=\"1\"} 1", metrics);
        var record = Assert.Single(await after.Client.AuditAsync("subject=model:changed:1"), record => (string)record["what"]! == "samples_differ");
        Assert.Equal(("deployment", Difference, runtime), ((string)record["who"]!, (string)record["after"]!["difference"]!, (string)record["after"]!["onnx_runtime"]!));
        Assert.Contains($"changed:1 does not give the outputs of its samples with ONNX Runtime {runtime}, and is served all the same. {Difference}", after.Log);
        Assert.Equal(HttpStatusCode.OK, (await after.Client.PredictAsync("changed:prod", """{"values": [1]}""")).Status);
    }

    private static async Task UploadAsync(LarderProcess larder, string model, string output) => Assert.Equal(HttpStatusCode.Created, (await larder.Client.UploadAsync(
        model, Model, fields: [("sample_inputs", """{"values": [1]}"""), ("sample_outputs", $$$"""{"outputs": {"y": {{{output}}}}}"""), ("force", "true")])).Status);

    private static async Task<System.Text.Json.Nodes.JsonNode> CheckAsync(LarderProcess larder, string reference) =>
        (await larder.Client.GetJsonAsync($"/api/v1/models/{reference}")).Body["version"]!["samples"]!["check"]!;
}
