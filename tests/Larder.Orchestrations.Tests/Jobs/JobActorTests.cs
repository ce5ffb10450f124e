using System.Text.Json;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Tests.Jobs;

public sealed class JobActorTests
{
    [Fact]
    public void A_job_acts_in_the_name_of_who_asked_for_it()
    {
        Assert.Equal("ada", JobActor.Of(Job("train") with { Owner = "ada" }));
        Assert.Equal("schedule:0123456789abcdef", JobActor.Of(Job("train") with { Owner = "ada", Schedule = "0123456789abcdef" }));
        Assert.Equal("bob", JobActor.Of(Job("train") with { Owner = "bob", Schedule = "0123456789abcdef", RetryOf = "another" }));
        Assert.Equal("job:zzz", JobActor.Of(Job("train")));
    }

    [Fact]
    public void A_drop_is_named_by_its_path_as_far_as_it_fits()
    {
        var dropped = Job(IngestJob.Type);

        Assert.Equal("drop:uploads/iris/a.onnx", JobActor.Of(dropped with { Options = Options("uploads/iris/a.onnx") }));
        var cut = JobActor.Of(dropped with { Options = Options($"uploads/iris/{new string('x', 900)}.onnx") });
        Assert.Equal(256, cut.Length);
        Assert.StartsWith("drop:uploads/iris/xxx", cut, StringComparison.Ordinal);
        Assert.Equal("eve", JobActor.Of(dropped with { Owner = "eve" }));
    }

    private static JsonElement Options(string blob) =>
        JsonSerializer.SerializeToElement(new IngestOptions { Blob = blob, Etag = "0x1" }, RegistryJson.Options);

    private static Job Job(string type) => new()
    {
        Id = "zzz", Type = type, State = JobState.Running, Model = "iris", Created = DateTimeOffset.UnixEpoch,
    };
}
