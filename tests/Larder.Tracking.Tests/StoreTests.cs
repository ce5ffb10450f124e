using Larder.Testing;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class BlobExperimentTests(Azurite azurite) : ExperimentContract
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosCollection.Name)]
public sealed class CosmosExperimentTests(CosmosServer server) : ExperimentContract
{
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(server.Endpoint, server.Key, _database, Time);
}

[Collection(AzuriteCollection.Name)]
public sealed class BlobRunTests(Azurite azurite) : RunContract
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosCollection.Name)]
public sealed class CosmosRunTests(CosmosServer server) : RunContract
{
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(server.Endpoint, server.Key, _database, Time);
}
