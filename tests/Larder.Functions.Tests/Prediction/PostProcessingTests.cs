using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary><c>?top=</c> and <c>?activation=</c> of a prediction.</summary>
[Collection(nameof(SharedLarder))]
public sealed class PostProcessingTests(LarderFixture larder)
{
    private const string Values = """{"values":[[1,2,3,4],[4,3,2,1]]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task The_classes_with_the_highest_scores_come_with_their_labels_for_each_row()
    {
        await _client.UploadAsync("top-classes", OnnxModel.Linear(), fields: [("labels", """["setosa","versicolor","virginica"]""")]);
        var plain = (await _client.PredictAsync("top-classes", Values)).Body;

        var answer = await PredictAsync("top-classes", "top=2");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        // Other outputs are as without it.
        Assert.Equal(plain["values"]!.ToJsonString(), answer.Body["values"]!.ToJsonString());
        Assert.Equal(plain["labels"]!.ToJsonString(), answer.Body["labels"]!.ToJsonString());
        var rows = answer.Body["outputs"]!["probabilities"]!.AsArray();
        foreach (var (row, i) in rows.Select((row, i) => (row!.AsArray(), i)))
        {
            var scores = plain["outputs"]!["probabilities"]![i]!.AsArray().Select(score => (float)score!).ToList();
            var order = scores.Index().OrderByDescending(score => score.Item).Select(score => score.Index).Take(2).ToList();
            Assert.Equal(order, row.Select(best => (int)best!["class"]!));
            Assert.Equal(order.Select(place => scores[place]), row.Select(best => (float)best!["score"]!));
            Assert.Equal((string)answer.Body["labels"]!["label"]![i]!, (string)row[0]!["label"]!);
        }

        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public async Task The_first_output_is_processed_in_values_too()
    {
        await _client.UploadAsync("top-first", OnnxModel.SubtractBatchMean(2));

        var answer = await PredictAsync("top-first", "activation=softmax", """{"values":[[0,2],[0,0]]}""");

        Assert.Equal("[[0.26894143,0.7310586],[0.7310586,0.26894143]]", answer.Body["values"]!.ToJsonString());
        Assert.Equal("[[0.26894143,0.7310586],[0.7310586,0.26894143]]", answer.Body["outputs"]!["y"]!.ToJsonString());
    }

    [Fact]
    public async Task A_picture_has_its_most_likely_classes()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "samples", "digits");
        await _client.UploadAsync("top-digits", await File.ReadAllBytesAsync(Path.Combine(folder, "digits.onnx")));
        using var image = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(folder, "files", "7.jpg"))) { Headers = { ContentType = new("image/jpeg") } };

        var answer = await _client.PostAsync("/api/v1/models/top-digits/prediction?top=3", image).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var best = answer.Body["outputs"]!["probabilities"]![0]!.AsArray();
        Assert.Equal((3, 7), (best.Count, (int)best[0]!["class"]!));
    }

    [Fact]
    public async Task A_large_answer_is_sent_in_pieces_with_the_same_scores()
    {
        await _client.UploadAsync("top-large", OnnxModel.SubtractBatchMean(4));
        var rows = Enumerable.Range(0, 8_000).Select(i => $"[{i % 3},{i % 5},{i % 7},0]");

        var answer = await PredictAsync("top-large", "top=4&activation=sigmoid", $$"""{"values":[{{string.Join(',', rows)}}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(8_000, answer.Body["values"]!.AsArray().Count);
        Assert.All(answer.Body["values"]!.AsArray(), row => Assert.Equal([0, 1, 2, 3], row!.AsArray().Select(best => (int)best!["class"]!).Order()));
        Assert.True(JsonNode.DeepEquals(answer.Body["values"], answer.Body["outputs"]!["y"]));
    }

    [Theory]
    [InlineData("top=0", "top must be a whole number from 1 to 1000.")]
    [InlineData("top=all", "top must be a whole number from 1 to 1000.")]
    [InlineData("top=4", "top cannot be applied: output probabilities has 3 classes, and top is 4")]
    [InlineData("top=1&output=label", "top cannot be applied: output label has elements of type INT64, which are no scores")]
    [InlineData("top=1&output=scores", "output must be an output of the model: label, probabilities")]
    [InlineData("output=probabilities", "output says which output top or activation are for; give one of these, too.")]
    [InlineData("activation=sofmax", "activation must be softmax or sigmoid; did you mean softmax?")]
    [InlineData("activation=relu", "activation must be softmax or sigmoid.")]
    [InlineData("activation=softmax&activation=sigmoid", "The parameter activation is given 2 times; once is enough.")]
    [InlineData("topk=3", "The parameter 'topk' is not known here; top, activation, output, header, by_position, timeout are.")]
    public async Task What_cannot_be_done_is_refused_with_the_reason(string query, string sentence)
    {
        await _client.UploadAsync("top-refused", OnnxModel.Linear());

        var answer = await PredictAsync("top-refused", query);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(sentence, answer.Description);
    }

    private Task<Answer> PredictAsync(string model, string query, string values = Values) =>
        _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{model}/prediction?{query}", values);
}
