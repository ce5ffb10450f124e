using Larder.Functions.Http;
using Larder.Orchestrations.Training;
using Larder.Registry.Jobs;

namespace Larder.Functions.Tests.Training;

/// <summary>docs/training.md.</summary>
public sealed class TrainingPageTests
{
    [Fact]
    public void The_page_has_every_option_of_a_training_and_every_state_of_a_job()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "training.md"));
        var options = TrainOptions.Schema.Json.GetProperty("properties").EnumerateObject().Select(option => option.Name).ToList();

        Assert.True(options.Count > 8, string.Join(' ', options));
        Assert.All(options.Concat(WireNames.All<JobState>().Keys), name => Assert.Contains($"`{name}`", page));
    }
}
