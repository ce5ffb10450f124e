using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.OpenInference;

/// <summary>
/// The operator tests of the ONNX project through an upload and the Open Inference Protocol: what ONNX Runtime itself gets right, Larder does too, but for the differences that are listed.
/// </summary>
public sealed class OperatorCorpusTests(LarderFixture larder, ITestOutputHelper output) : IClassFixture<LarderFixture>
{
    private const int AtOnce = 4;

    /// <summary>What ONNX Runtime gets right and Larder refuses when it is uploaded, by name, each with what the refusal must say: a value of the request would end the process.</summary>
    private static readonly Dictionary<string, string> Differences = new()
    {
        ["test_mod_broadcast"] = "the smallest integer divided by -1 would end the server",
        ["test_mod_mixed_sign_int32"] = "the smallest integer divided by -1 would end the server",
        ["test_mod_mixed_sign_int64"] = "the smallest integer divided by -1 would end the server",
        ["test_stft"] = "a length of 0 would end the server",
    };

    [CorpusFact]
    public async Task What_ONNX_Runtime_gets_right_comes_right_through_the_protocol()
    {
        var cases = OperatorCorpus.Cases;
        var (problems, own) = (new ConcurrentDictionary<string, string>(), new ConcurrentDictionary<string, string>());
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (entry, _) =>
        {
            if (entry.ProblemOfOnnxRuntime() is { } problem)
                own[entry.Name] = problem;
            else if (await ProblemAsync(entry) is { } difference)
                problems[entry.Name] = difference;
        });

        output.WriteLine($"{cases.Count} tests, {cases.Count - own.Count} of which ONNX Runtime gets right, and {cases.Count - own.Count - problems.Count} Larder. Without:\n{string.Join('\n', own.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {entry.Value}"))}");
        Assert.True(own.Count < cases.Count / 5, $"{own.Count} of {cases.Count}");
        Assert.Equal(Differences.Keys.Order(StringComparer.Ordinal), problems.Keys.Order(StringComparer.Ordinal));
        Assert.All(Differences, difference => Assert.Contains(difference.Value, problems[difference.Key]));
    }

    private async Task<string?> ProblemAsync(OperatorCase entry)
    {
        var model = entry.Name;
        var uploaded = await larder.Client.UploadAsync(model, entry.Model);
        if (uploaded.Status != HttpStatusCode.Created)
            return $"upload: {uploaded.Description}";
        var metadata = (await larder.Client.GetJsonAsync($"/v2/models/{model}")).Body;
        var names = metadata["inputs"]!.AsArray().Select(input => (string)input!["name"]!).ToList();
        var tensors = entry.Inputs;
        if (names.Count != tensors.Count)
            return $"{names.Count} inputs where {tensors.Count} are expected";
        var json = new JsonObject
        {
            ["inputs"] = new JsonArray([.. tensors.Select((tensor, i) => new JsonObject
            {
                ["name"] = names[i],
                ["datatype"] = tensor.Datatype.Name(),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(length => (JsonNode)length)]),
                ["parameters"] = new JsonObject { ["binary_data_size"] = tensor.Data.Length },
            })]),
            ["parameters"] = new JsonObject { ["binary_data_output"] = true },
        };
        var head = Encoding.UTF8.GetBytes(json.ToJsonString());
        using var content = new ByteArrayContent([.. head, .. tensors.SelectMany(tensor => tensor.Data)]);
        content.Headers.Add("Inference-Header-Content-Length", $"{head.Length}");
        using var response = await larder.Client.PostAsync($"/v2/models/{model}/infer", content);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        if (response.StatusCode != HttpStatusCode.OK)
            return Encoding.UTF8.GetString(bytes);
        var length = response.Headers.TryGetValues("Inference-Header-Content-Length", out var said) ? int.Parse(said.Single(), null) : bytes.Length;
        var place = length;
        var outputs = new List<CorpusTensor>();
        foreach (var answer in JsonNode.Parse(bytes.AsSpan(0, length))!["outputs"]!.AsArray())
        {
            var size = (int)answer!["parameters"]!["binary_data_size"]!;
            var datatype = Enum.GetValues<Datatype>().Single(known => known.Name() == (string)answer["datatype"]!);
            outputs.Add(new CorpusTensor(datatype, [.. answer["shape"]!.AsArray().Select(dimension => (long)dimension!)], bytes[place..(place + size)]));
            place += size;
        }

        return entry.Problem(outputs);
    }

    /// <summary>Skipped where the package is not installed.</summary>
    private sealed class CorpusFactAttribute : FactAttribute
    {
        public CorpusFactAttribute() => Skip = OperatorCorpus.Missing;
    }
}
