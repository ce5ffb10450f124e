using Larder.Inference.Limits;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Jobs;

namespace Larder.ContainerInstances.Tests;

public class OptionsTests
{
    private const string Identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull";

    private static readonly ContainerInstanceOptions Good = new() { SubscriptionId = "00000000-0000-0000-0000-0000000000aa", ResourceGroup = "g", Location = "westeurope" };

    public static TheoryData<string, ContainerInstanceOptions> Bad => new()
    {
        { "SubscriptionId", Good with { SubscriptionId = "" } },
        { "SubscriptionId", Good with { SubscriptionId = "production" } },
        { "ResourceGroup", Good with { ResourceGroup = " " } },
        { "Location", Good with { Location = "" } },
        { "Image", Good with { Image = "" } },
        { "upper-case", Good with { Image = "Python:3.12" } },
        { "upper-case", Good with { AllowedImages = "python:3.12, Team/trainer:1" } },
        { "Cpu", Good with { Cpu = 5 } },
        { "Cpu", Good with { Cpu = double.NaN } },
        { "MaxCpu", Good with { MaxCpu = 64 } },
        { "MemoryGb", Good with { MemoryGb = 0 } },
        { "MaxMemoryGb", Good with { MaxMemoryGb = 1000 } },
        { "NamePrefix", Good with { NamePrefix = "larder" } },
        { "NamePrefix", Good with { NamePrefix = "Larder-" } },
        { "NamePrefix", Good with { NamePrefix = "larder--" } },
        { "NamePrefix", Good with { NamePrefix = "a-long-prefix-" } },
        { "NamePrefix", Good with { NamePrefix = "-" } },
        { "SubnetId", Good with { SubnetId = "jobs" } },
        { "IdentityId", Good with { IdentityId = "/subscriptions/s/resourceGroups/g" } },
        { "IdentityId", Good with { RegistryServer = "team.azurecr.io" } },
        { "host name", Good with { RegistryServer = "team.azurecr.io/images", IdentityId = Identity } },
        { "StartLimit", Good with { StartLimit = TimeSpan.Zero } },
        { "PollInterval", Good with { PollInterval = TimeSpan.Zero } },
        { "DeleteLimit", Good with { DeleteLimit = TimeSpan.Zero } },
        { "ArmEndpoint", Good with { ArmEndpoint = new Uri("http://localhost") } },
        { "ArmEndpoint", Good with { ArmEndpoint = new Uri("management", UriKind.Relative) } },
        { "AuthorityHost", Good with { AuthorityHost = new Uri("http://localhost") } },
    };

    [Fact]
    public void Three_settings_are_enough() => Assert.Empty(Problems(Good));

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_wrong_setting_is_named(string word, ContainerInstanceOptions options) =>
        Assert.Contains(word, string.Join('\n', Problems(options)));

    [Theory]
    [InlineData("larder-", "7zzr2x0k9ab3cdef", 1, "larder-7zzr2x0k9ab3cdef-1")]
    [InlineData("a2345678901-", "0123456789012345678901234567890123456789", int.MaxValue, "a2345678901-0123456789012345678901234567890123456789-2147483647")]
    public void Names_are_DNS_labels(string prefix, string job, int attempt, string name)
    {
        Assert.Empty(Problems(Good with { NamePrefix = prefix }));

        Assert.Equal(name, ContainerGroupLabels.NameOf(prefix, new ComputeId(job, attempt)));
        Assert.InRange(name.Length, 1, 63);
    }

    private static IReadOnlyList<string> Problems(ContainerInstanceOptions options) =>
        new OrchestrationSettingsValidator().Problems("Jobs:ContainerInstances", options);

    [Theory]
    [InlineData("", 1)]
    [InlineData("UPPER", 1)]
    [InlineData("a-b", 1)]
    [InlineData("ä", 1)]
    [InlineData("01234567890123456789012345678901234567890", 1)]
    [InlineData("job", 0)]
    public void Other_ids_have_no_name(string job, int attempt) =>
        Assert.ThrowsAny<ArgumentException>(() => ContainerGroupLabels.NameOf("larder-", new ComputeId(job, attempt)));
}
