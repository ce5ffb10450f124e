namespace Larder.Functions.Tests.Hosting;

/// <summary>Where jobs run is checked before anything is served.</summary>
public sealed class ComputeSettingTests
{
    private static readonly (string, string)[] Good =
    [
        ("Jobs:Backend", "container-instances"),
        ("Jobs:ContainerInstances:SubscriptionId", "00000000-0000-0000-0000-0000000000aa"),
        ("Jobs:ContainerInstances:ResourceGroup", "jobs"),
        ("Jobs:ContainerInstances:Location", "westeurope"),
    ];

    [Theory]
    [InlineData("Jobs:Backend", "kubernetes", "Setting Jobs:Backend: The backend of jobs is 'process' or 'container-instances'; got 'kubernetes'.")]
    [InlineData("Jobs:ContainerInstances:SubscriptionId", "", "Setting Jobs:ContainerInstances:SubscriptionId: Jobs cannot run as container instances without it")]
    [InlineData("Jobs:ContainerInstances:ResourceGroup", "", "Setting Jobs:ContainerInstances:ResourceGroup: Jobs cannot run as container instances without it")]
    [InlineData("Jobs:ContainerInstances:Location", "", "Setting Jobs:ContainerInstances:Location: Jobs cannot run as container instances without it")]
    [InlineData("Jobs:ContainerInstances:MaxCpu", "64", "Setting Jobs:ContainerInstances:MaxCpu: It must be from 0.1 to 31; got 64.")]
    [InlineData("Jobs:ContainerInstances:ArmEndpoint", "http://localhost", "Setting Jobs:ContainerInstances:ArmEndpoint: It must begin with https://")]
    public async Task A_wrong_setting_keeps_the_host_from_starting_and_is_named(string name, string value, string sentence) =>
        Assert.Contains(sentence, await RefusalAsync([.. Good, (name, value)]));

    [Fact]
    public async Task In_Azure_processes_are_refused() =>
        Assert.Contains(
            "Setting Jobs:Backend: In Azure jobs cannot be processes of the app: their code would have the app's identity. Use 'container-instances'.",
            await RefusalAsync([("WEBSITE_INSTANCE_ID", "i"), ("Jobs:Backend", "process")]));

    [Fact]
    public async Task In_Azure_jobs_run_as_container_instances_and_their_settings_are_required() =>
        Assert.Contains("Setting Jobs:ContainerInstances:SubscriptionId: ", await RefusalAsync([("WEBSITE_INSTANCE_ID", "i")]));

    // Nothing listens there: settings are refused before storage is looked for.
    private static async Task<string> RefusalAsync((string, string)[] settings)
    {
        const string storage = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;";
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await (await LarderProcess.StartAsync(storage, settings)).DisposeAsync());
        return error.Message;
    }
}
