using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Contracts;
using Larder.Functions.Audit;
using Larder.Functions.Datasets;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Models;
using Larder.Functions.Schedules;
using Larder.Functions.Tokens;
using Larder.Functions.Uploads;
using Larder.Orchestrations.Training;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Registry.Uploads;

namespace Larder.Functions.Tests.Contracts;

/// <summary>The JSON of answers, byte for byte as clients know it. answers.tsv was recorded before the answers had records of their own.</summary>
public sealed class AnswerJsonTests
{
    private static readonly JobTypes.Entry Train = new(
        typeof(TrainJob), "train", "Trains.", "POST /api/v1/train/{model}", ["script", "dataset"], ["requirements"], () => JsonSerializer.SerializeToElement(new { type = "object" }));

    private static readonly DateTimeOffset AfterExpiry = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Func<object>> Answers = new()
    {
        ["model"] = () => ModelAnswers.Of(Samples.FullModel),
        ["empty model"] = () => ModelAnswers.Of(Samples.EmptyModel),
        ["information"] = () => ModelAnswers.Information(Samples.FullModel, Samples.FullVersion),
        ["information of an empty model"] = () => ModelAnswers.Information(Samples.EmptyModel, null),
        ["version"] = () => ModelAnswers.Of(Samples.FullVersion),
        ["plain version"] = () => ModelAnswers.Of(Samples.PlainVersion),
        ["version with samples"] = () => ModelAnswers.Of(Samples.PlainVersion with
        {
            Files = [new VersionFile(VersionFile.SampleInputs, new string('d', 64), 1), new VersionFile(VersionFile.SampleOutputs, new string('e', 64), 2)],
            SampleTolerance = new SampleTolerance { Atol = 0.5, Rtol = 0 },
            SampleCheck = new SampleCheck("1.31.1", Samples.PlainVersion.Created, "It differs."),
        }),
        ["job"] = () => JobAnswers.Of(Samples.FullJob),
        ["queued job"] = () => JobAnswers.Of(Samples.QueuedJob),
        ["job in a list"] = () => JobAnswers.Short(Samples.FullJob),
        ["outputs"] = () => JobAnswers.Of(Samples.FullJob.Outputs),
        ["log line"] = () => JobAnswers.Of(Samples.LogLine),
        ["data set"] = () => DatasetAnswers.Of(Samples.FullDataset),
        ["audit record"] = () => AuditAnswers.Of(Samples.FullRecord),
        ["plain audit record"] = () => AuditAnswers.Of(Samples.PlainRecord),
        ["upload"] = () => UploadAnswers.Of(Samples.FullUpload, new Uri("https://storage.example/c/b?sig=a%2Bb"), 5, new UploadSessionOptions()),
        ["upload of a model"] = () => UploadAnswers.Of(
            Samples.FullUpload with { Kind = UploadKind.Model, FileName = null, SizeBytes = null, Job = null }, null, 0, new UploadSessionOptions()),
        ["schedule"] = () => ScheduleAnswers.Of(Samples.FullSchedule, Samples.FullJob),
        ["plain schedule"] = () => ScheduleAnswers.Of(Samples.PlainSchedule, null),
        ["run"] = () => ScheduleAnswers.Of(Samples.FullRun, Samples.FullJob),
        ["skipped run"] = () => ScheduleAnswers.Of(Samples.SkippedRun, null),
        ["token"] = () => TokenAnswers.Of(Samples.FullToken, AfterExpiry),
        ["plain token"] = () => TokenAnswers.Of(Samples.PlainToken, AfterExpiry),
        ["job type"] = () => Train.ToDetails(null),
        ["job type without schedules"] = () => Train.ToDetails("No."),
    };

    public static TheoryData<string, string> Recorded
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var parts in File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Contracts", "answers.tsv")).Select(line => line.Split('\t', 2)))
                rows.Add(parts[0], parts[1]);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void An_answer_has_the_recorded_JSON(string name, string json) => Assert.Equal(json, JsonSerializer.Serialize(Answers[name](), Json.Options));

    [Fact]
    public void Every_answer_is_recorded() => Assert.Equal(Answers.Keys.Order(), Recorded.Select(row => (string)row[0]).Order());

    [Fact]
    public void An_answer_begins_with_its_status() => Assert.Equal(
        """{"http_status":{"code":200,"name":"OK","description":"done"},"alias":"a","previous":null,"current":2}""",
        JsonSerializer.Serialize<object>(
            new AliasAnswer { HttpStatus = new HttpStatus { Code = 200, Name = "OK", Description = "done" }, Alias = "a", Previous = null, Current = 2 }, Json.Options));

    [Fact]
    public void Every_member_of_every_contract_has_its_name_written_down() =>
        Assert.All(
            from type in typeof(Answer).Assembly.GetExportedTypes()
            from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            select property,
            property => Assert.NotNull(property.GetCustomAttribute<JsonPropertyNameAttribute>()));

    [Fact]
    public void Contracts_refer_to_the_framework_only() =>
        Assert.All(typeof(Answer).Assembly.GetReferencedAssemblies(), name => Assert.StartsWith("System.", name.Name));
}
