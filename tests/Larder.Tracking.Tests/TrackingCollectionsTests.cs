namespace Larder.Tracking.Tests;

public sealed class TrackingCollectionsTests
{
    // As infra-bicep/documents.json has them (CosmosLayoutTests).
    [Fact]
    public void The_collections_are_those_that_have_containers() => Assert.Equal(
        ["experiments", "experiment-names", "runs", "run-metrics", "run-artifacts", "logged-models"],
        [TrackingCollections.Experiments.Name, TrackingCollections.Names.Name, TrackingCollections.Runs.Name, TrackingCollections.Chunks.Name, TrackingCollections.Artifacts.Name, TrackingCollections.LoggedModels.Name]);
}
