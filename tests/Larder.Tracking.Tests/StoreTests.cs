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
public sealed class CosmosExperimentTests(CosmosServer server, Azurite azurite) : ExperimentContract
{
    private readonly string _account = azurite.NewAccount();
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(_account, server.Endpoint, server.Key, _database, Time);
}

[Collection(AzuriteCollection.Name)]
public sealed class BlobRunTests(Azurite azurite) : RunContract
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosCollection.Name)]
public sealed class CosmosRunTests(CosmosServer server, Azurite azurite) : RunContract
{
    private readonly string _account = azurite.NewAccount();
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(_account, server.Endpoint, server.Key, _database, Time);
}

[Collection(AzuriteCollection.Name)]
public sealed class BlobArtifactTests(Azurite azurite) : ArtifactContract
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosArtifactCollection.Name)]
public sealed class CosmosArtifactTests(CosmosServer server, Azurite azurite) : ArtifactContract
{
    private readonly string _account = azurite.NewAccount();
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(_account, server.Endpoint, server.Key, _database, Time);
}

[Collection(AzuriteCollection.Name)]
public sealed class BlobLoggedModelTests(Azurite azurite) : LoggedModelContract
{
    private readonly string _account = azurite.NewAccount();

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosArtifactCollection.Name)]
public sealed class CosmosLoggedModelTests(CosmosServer server, Azurite azurite) : LoggedModelContract
{
    private readonly string _account = azurite.NewAccount();
    private readonly string _database = server.NewDatabase();

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(_account, server.Endpoint, server.Key, _database, Time);
}
