using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Training;

/// <summary>Trains as users do with curl.</summary>
internal static class TrainingClient
{
    /// <summary>A script that writes the model that came as its data set.</summary>
    public const string Copy = """
        import os, shutil
        shutil.copy(os.environ["LARDER_DATASET"], os.path.join(os.environ["LARDER_OUTPUT_DIR"], os.environ["LARDER_MODEL"] + ".onnx"))
        print("done")
        """;

    /// <summary>Waits for a job's end.</summary>
    public static async Task<JsonNode> EndOfAsync(this HttpClient client, string job, Func<string>? log = null)
    {
        JsonNode? last = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = (await client.GetJsonAsync($"/api/v1/jobs/{job}")).Body["job"]!;
                return (string)last["state"]! is not ("queued" or "running");
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{last}\n{log?.Invoke()}");
        }

        return last!;
    }

    /// <summary>Trains, and waits for the end.</summary>
    public static async Task<JsonNode> TrainToEndAsync(
        this HttpClient client, string model, string script, byte[]? dataset = null, string? options = null)
    {
        var answer = await client.TrainAsync(model, script, dataset, options);
        Assert.True(answer.Code == 202, answer.Description);
        return await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
    }

    /// <summary>Submits a training; without a data set, one that is a model.</summary>
    public static async Task<Answer> TrainAsync(
        this HttpClient client, string model, string script, byte[]? dataset = null, string? options = null, string? key = null, string datasetName = "data.bin")
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(Encoding.UTF8.GetBytes(script)), "script", "train.py" },
            { new ByteArrayContent(dataset ?? OnnxModel.Linear(classes: 3)), "dataset", datasetName },
        };
        if (options is not null)
            form.Add(new StringContent(options), "options");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/train/{model}") { Content = form };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request).ReadAnswerAsync();
    }
}
