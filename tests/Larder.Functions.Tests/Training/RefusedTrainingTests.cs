using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class RefusedTrainingTests(TrainingFixture larder)
{
    private static readonly byte[] Script = Encoding.UTF8.GetBytes(TrainingClient.Copy);

    public static TheoryData<string, string> WrongOptions => new()
    {
        { """{"epochs": 3}""", "/epochs is not known" },
        { """{"timeout": "1h"}""", "/timeout must be a whole number" },
        { """{"timeout": 0}""", "/timeout must be 1 to 518400" },
        { """{"timeout": 1.5}""", "/timeout must be a whole number" },
        { """{"attempts": 11}""", "/attempts must be 1 to 10" },
        { """{"gpu": 1}""", "leave out 'gpu'" },
        { """{"image": "python:3.12"}""", "leave out 'image'" },
        { """{"cpu": 100}""", "'cpu' is 100, and this machine has" },
        { """{"memoryGb": 2000}""", "'memoryGb' is 2000, and this machine has" },
        { """{"gate": {"metric": "accuracy", "threshold": 1}}""", "name the alias" },
        { """{"alias": "a", "gate": {"metric": "accuracy"}}""", "needs a threshold" },
        { """{"alias": "a", "gate": {"metric": "m", "threshold": 1, "direction": "up"}}""", "/gate/direction must be" },
        { """{"alias": "a", "gate": {"metric": "m", "against": "007"}}""", "007" },
        { """{"alias": "default", "gate": {"threshold": 1}}""", "/gate/metric is missing" },
        { """{"alias": "12"}""", "12" },
        { """{"alias": "a b"}""", "/alias must be" },
        { """{"environment": {"LARDER_MODEL": "x"}}""", "LARDER_MODEL" },
        { """{"environment": {"A=B": "x"}}""", "A=B" },
        { """{"environment": {"A": {"secrets": "hush-4711"}}}""", "/environment/A" },
        { """{"arguments": "--fast"}""", "/arguments must be a list" },
        { """{"arguments": [1]}""", "/arguments/0 must be a text" },
        { """{"arguments": ["a\u0000b"]}""", "/arguments/0" },
        { """{"environment": {"A": "a\u0000b"}}""", "/environment/A" },
        { """{"environment": {"A": {"secret": "hush-4711\u0000b"}}}""", "/environment/A" },
        { """{"tags": {"a": 1}}""", "/tags/a must be a text" },
        { """{"tags": {"": "x"}}""", "tag's key" },
        { """{"compile": "yes"}""", "/compile must be true or false or an object" },
        { """{"timeout": 5, "timeout": 6}""", "twice" },
        { "[]", "The options must be an object" },
        { "{", "The options are not JSON" },
        { "", "The options are not JSON" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task Wrong_options_are_422_with_the_place_and_leave_nothing(string options, string says) => await RefusedAsync(
        HttpStatusCode.UnprocessableEntity, says, ("script", "train.py", Script), ("dataset", "data.csv", "1"u8.ToArray()), ("options", null, Encoding.UTF8.GetBytes(options)));

    [Fact]
    public async Task Forms_that_are_none_or_lack_a_file_are_4xx_and_leave_nothing()
    {
        (string, string?, byte[]) script = ("script", "train.py", Script), dataset = ("dataset", "data.csv", "1"u8.ToArray());
        var huge = Encoding.UTF8.GetBytes("{\"tags\": {\"a\": \"" + new string('x', 1 << 20) + "\"}}");
        var environment = Encoding.UTF8.GetBytes("{\"environment\": {\"A\": \"" + new string('x', 70_000) + "\"}}");
        var deep = Encoding.UTF8.GetBytes(new string('[', 100_000));
        var many = Encoding.UTF8.GetBytes($$"""{"arguments": [{{string.Join(',', Enumerable.Repeat("\"x\"", 257))}}]}""");
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'script'", dataset);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'dataset'", script);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "script is empty", ("script", "train.py", []), dataset);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "data set is empty", script, ("dataset", "data.csv", []));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'dataset' is given twice", script, dataset, dataset);
        var (named, unnamed) = (("dataset", (string?)null, "uploads/none.csv"u8.ToArray()), ("dataset", (string?)null, " "u8.ToArray()));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'dataset' is given twice", script, dataset, named);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'dataset' is given twice", script, named, dataset);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "The field dataset is empty", script, unnamed);
        await RefusedAsync(HttpStatusCode.NotFound, "There is no 'uploads/none.csv'", script, named);
        await RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "to send a file, give it a file name", script, ("dataset", null, new byte[10_000]));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "'model' is not known", script, dataset, ("model", "m.onnx", Script));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "at most 255 characters", script, ("dataset", new string('x', 256), "1"u8.ToArray()));
        await RefusedAsync(HttpStatusCode.UnsupportedMediaType, "['.py']", ("script", "train.sh", Script), dataset);
        await RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "100000", ("script", "train.py", new byte[100_001]), dataset);
        await RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "The field options is limited", script, dataset, ("options", null, huge));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "environment is limited to 65536 bytes", script, dataset, ("options", null, environment));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "The options are not JSON", script, dataset, ("options", null, deep));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "arguments are limited to 100000 bytes", script, dataset, ("options", null, Encoding.UTF8.GetBytes($$"""{"arguments": ["{{new string('x', 100_000)}}"]}""")));
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "at most 256 items", script, dataset, ("options", null, many));
    }

    [Fact]
    public async Task Bodies_of_another_kind_names_and_keys_that_are_none_are_4xx_and_leave_nothing()
    {
        var before = await larder.EverythingAsync();
        using var body = new StringContent("{}", Encoding.UTF8, "text/plain");
        var text = await larder.Client.PostAsync("/api/v1/train/refused", body).ReadAnswerAsync();
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.Status);
        Assert.Contains("multipart/form-data", text.Description);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/train/refused", "{}")).Status);

        using var cut = new ByteArrayContent(Encoding.ASCII.GetBytes("--b\r\nContent-Disposition: form-data; name=\"script\"; filename=\"t.py\"\r\n\r\nprint("));
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.PostAsync("/api/v1/train/refused", cut).ReadAnswerAsync()).Status);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.TrainAsync("no%20name", TrainingClient.Copy)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.TrainAsync("iris:3", TrainingClient.Copy)).Status);
        var key = await larder.Client.TrainAsync("refused", TrainingClient.Copy, key: new string('k', 256));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, key.Status);
        Assert.Contains("idempotency key", key.Description);
        Assert.Equal(before, await larder.EverythingAsync());
    }

    [Fact]
    public async Task The_same_key_answers_the_same_job_and_refuses_other_inputs_without_a_trace()
    {
        const string secret = """{"environment": {"TOKEN": {"secret": "hush-0815"}}}""";
        var first = await larder.Client.TrainAsync("keyed", TrainingClient.Copy, options: secret, key: "k-1");
        var id = (string)first.Body["job"]!["id"]!;
        var job = await larder.EndAsync(id);
        var before = await larder.EverythingAsync();

        var again = await larder.Client.TrainAsync("keyed", TrainingClient.Copy, options: secret, key: "k-1");
        Assert.Equal((HttpStatusCode.Accepted, id), (again.Status, (string?)again.Body["job"]!["id"]));
        foreach (var (model, options) in new[] { ("keyed", secret.Replace("0815", "0816")), ("keyed", "{}"), ("other", secret) })
        {
            var other = await larder.Client.TrainAsync(model, TrainingClient.Copy, options: options, key: "k-1");
            Assert.Equal(HttpStatusCode.Conflict, other.Status);
            Assert.Contains("idempotency key", other.Description);
        }

        Assert.Equal(before, await larder.EverythingAsync());
        Assert.Equal(1, (int)job["version"]!);
    }

    private async Task RefusedAsync(HttpStatusCode status, string says, params (string Name, string? FileName, byte[] Content)[] parts)
    {
        var before = await larder.EverythingAsync();
        using var form = new MultipartFormDataContent();
        foreach (var (name, fileName, content) in parts)
        {
            if (fileName is null)
                form.Add(new ByteArrayContent(content), name);
            else
                form.Add(new ByteArrayContent(content), name, fileName);
        }

        var answer = await larder.Client.PostAsync("/api/v1/train/refused", form).ReadAnswerAsync();

        Assert.True(answer.Status == status, $"{answer.Status}: {answer.Description}");
        Assert.Equal((int)status, answer.Code);
        Assert.Contains(says, answer.Description);
        Assert.DoesNotContain("4711", answer.Description);
        Assert.InRange(answer.Description.Length, 10, 500);
        Assert.Equal(before, await larder.EverythingAsync());
    }
}
