using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Cosmos;

public sealed class StoreSettingsTests
{
    [Theory]
    [InlineData("Setting Store:Kind: It must be blobs or cosmos; got 'tables'.", "Store:Kind=tables")]
    [InlineData("Setting Store:Cosmos:Endpoint: It is not set", "Store:Kind=cosmos", "Store:Cosmos:Endpoint=")]
    [InlineData("Setting Store:Cosmos:AnyCertificate: It is for emulators", "Store:Kind=cosmos", "Store:Cosmos:Endpoint=https://larder.example", "Store:Cosmos:AnyCertificate=true")]
    [InlineData("Store:Cosmos:Mode", "Store:Kind=cosmos", "Store:Cosmos:Endpoint=https://larder.example", "Store:Cosmos:Mode=Sideways")]
    // Nothing listens on port 1.
    [InlineData("Store:Cosmos:Endpoint", "Store:Kind=cosmos", "Store:Cosmos:Endpoint=https://127.0.0.1:1", "Store:Cosmos:Key=bGFyZGVy", "Store:Cosmos:LimitToEndpoint=true", "Store:Cosmos:Timeout=00:00:02")]
    public async Task A_wrong_or_missing_setting_keeps_the_host_from_starting_and_is_named(string sentence, params string[] settings)
    {
        var storage = await Azurite.AccountAsync();

        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            LarderProcess.StartAsync(storage, [.. settings.Select(setting => setting.Split('=', 2)).Select(parts => (parts[0], parts[1]))]));

        Assert.Contains(sentence, ended.Message);
        Assert.DoesNotContain("   at ", ended.Message);
    }
}
