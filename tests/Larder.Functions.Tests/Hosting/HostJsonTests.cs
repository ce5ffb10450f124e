using System.Globalization;
using System.Text.Json;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Compute.Processes;
using Larder.Orchestrations.Scoring;

namespace Larder.Functions.Tests.Hosting;

/// <summary>What host.json says against what the functions need.</summary>
public sealed class HostJsonTests
{
    // The least that the Durable extension accepts: with less the Functions host does not come up.
    private static readonly TimeSpan LeastVisibility = TimeSpan.FromMinutes(1);

    [Fact]
    public void An_activity_that_takes_as_long_as_the_settings_allow_is_over_before_the_function_timeout()
    {
        TimeSpan[] longest =
        [
            TimeSpan.FromSeconds(new ScoringLimits().FetchSeconds),
            new ContainerInstanceOptions().StartLimit,
            new ContainerInstanceOptions().DeleteLimit,
            new ProcessComputeOptions().StopGrace,
        ];

        // Half of it is left for what no setting limits: reading and writing the bytes.
        Assert.True(Time(Root().GetProperty("functionTimeout")) >= longest.Max() * 2);
    }

    [Theory]
    [InlineData("controlQueueVisibilityTimeout")]
    [InlineData("workItemQueueVisibilityTimeout")]
    public void Messages_of_a_killed_host_come_back_as_soon_as_the_Durable_extension_allows(string name) =>
        Assert.Equal(LeastVisibility, Time(Root().GetProperty("extensions").GetProperty("durableTask").GetProperty("storageProvider").GetProperty(name)));

    private static JsonElement Root() => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "host.json"))).RootElement;

    private static TimeSpan Time(JsonElement value) => TimeSpan.Parse(value.GetString()!, CultureInfo.InvariantCulture);
}
