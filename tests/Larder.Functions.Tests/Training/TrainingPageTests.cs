using Larder.Functions.Http;
using Larder.Registry.Jobs;

namespace Larder.Functions.Tests.Training;

/// <summary>docs/training.md.</summary>
public sealed class TrainingPageTests
{
    [Fact]
    public void The_page_has_every_state_of_a_job()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "training.md"));

        Assert.All(WireNames.All<JobState>().Keys, name => Assert.Contains($"`{name}`", page));
    }
}
