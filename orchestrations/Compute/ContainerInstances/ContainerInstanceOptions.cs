using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Larder.Inference.Limits;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>Where and how jobs run as Azure container instances. Empty texts count as not set.</summary>
public sealed partial record ContainerInstanceOptions : IValidatableObject
{
    // What the service gives one group in most regions; a region may give less, and says so itself.
    private const double ServiceCpu = 31;
    private const double ServiceMemoryGb = 240;

    private const double Least = 0.1;
    private const string Subnets = "/virtualnetworks/";
    private const string Identities = "/userassignedidentities/";

    /// <summary>The subscription that pays: its id. Required.</summary>
    public string SubscriptionId { get; init; } = "";

    /// <summary>The resource group in which container groups are made; it must exist. Required.</summary>
    public string ResourceGroup { get; init; } = "";

    /// <summary>The region, as <c>westeurope</c>. Required.</summary>
    public string Location { get; init; } = "";

    /// <summary>The image of jobs that name none; always allowed.</summary>
    public string Image { get; init; } = "python:3.12-slim";

    /// <summary>
    /// What else jobs may name, separated by commas; each exactly so, in lower case: with tag or digest, and with the registry unless that is Docker Hub.
    /// </summary>
    public string AllowedImages { get; init; } = "";

    /// <summary>Cores of jobs that name no number.</summary>
    public double Cpu { get; init; } = 1;

    /// <summary>Memory of jobs that name none, in gigabytes.</summary>
    public double MemoryGb { get; init; } = 2;

    /// <summary>The most cores that a job may name.</summary>
    [Between(Least, ServiceCpu)]
    public double MaxCpu { get; init; } = 4;

    /// <summary>The most memory that a job may name, in gigabytes.</summary>
    [Between(Least, ServiceMemoryGb)]
    public double MaxMemoryGb { get; init; } = 16;

    /// <summary>Resource id of a subnet delegated to <c>Microsoft.ContainerInstance/containerGroups</c>; null for the internet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>
    /// Resource id of a user-assigned identity that pulls images. Scripts can get tokens of it as well, so give it no role but <c>AcrPull</c>.
    /// </summary>
    public string? IdentityId { get; init; }

    /// <summary>Host of the private registry from which <see cref="IdentityId"/> pulls, as <c>team.azurecr.io</c>.</summary>
    public string? RegistryServer { get; init; }

    /// <summary>What names of container groups begin with. Only groups that begin so are ever listed, so two Larders in one resource group need two prefixes.</summary>
    public string NamePrefix { get; init; } = "larder-";

    /// <summary>How long a group may take to start, pulling the image included. The service itself gives up after 30 minutes.</summary>
    [AtLeast("00:00:00.001")]
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The polling interval of a deletion.</summary>
    [AtLeast("00:00:00.001")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long deleting waits for a group to be gone before it is an error, which asking again may mend.</summary>
    [AtLeast("00:00:00.001")]
    public TimeSpan DeleteLimit { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Client id of the user-assigned identity with which Larder itself calls Azure; null for the system-assigned one, or the developer's own login.</summary>
    public string? ClientId { get; init; }

    /// <summary>Where Azure Resource Manager listens, as <c>https://management.chinacloudapi.cn</c>; null for the public cloud.</summary>
    public Uri? ArmEndpoint { get; init; }

    /// <summary>Whom tokens are for, as <c>https://management.core.chinacloudapi.cn</c>; null for <see cref="ArmEndpoint"/>.</summary>
    public string? ArmAudience { get; init; }

    /// <summary>
    /// Who issues tokens to other than managed identities, as <c>https://login.chinacloudapi.cn</c>; null for what the variable
    /// <c>AZURE_AUTHORITY_HOST</c> says, or the public cloud's.
    /// </summary>
    public Uri? AuthorityHost { get; init; }

    /// <summary>Every image that a job may run, the default first.</summary>
    public IEnumerable<string> Allowed() =>
        AllowedImages.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Prepend(Image).Distinct();

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(SubscriptionId))
            yield return Missing("the id of the subscription that pays", nameof(SubscriptionId));
        else if (!Guid.TryParse(SubscriptionId, out _))
            yield return new($"It must be a subscription's id, a GUID; got '{SubscriptionId}'.", [nameof(SubscriptionId)]);
        if (string.IsNullOrWhiteSpace(ResourceGroup))
            yield return Missing("the name of a resource group that exists", nameof(ResourceGroup));
        if (string.IsNullOrWhiteSpace(Location))
            yield return Missing("a region, as westeurope", nameof(Location));
        if (string.IsNullOrWhiteSpace(Image))
            yield return Missing("the image of jobs that name none", nameof(Image));
        foreach (var image in Allowed().Where(image => image.Any(char.IsUpper)))
        {
            yield return new(
                $"The image '{image}' has upper-case letters; container instances never start such an image. Write it in lower case.",
                [image == Image ? nameof(Image) : nameof(AllowedImages)]);
        }

        if (!(Cpu >= Least && Cpu <= MaxCpu))
            yield return new(FormattableString.Invariant($"It must be from {Least} to {MaxCpu}; got {Cpu}."), [nameof(Cpu)]);
        if (!(MemoryGb >= Least && MemoryGb <= MaxMemoryGb))
            yield return new(FormattableString.Invariant($"It must be from {Least} to {MaxMemoryGb}; got {MemoryGb}."), [nameof(MemoryGb)]);
        if (!Prefix().IsMatch(NamePrefix))
            yield return new($"It must be 2 to 12 lower-case letters, digits and single hyphens, from a letter to a hyphen; got '{NamePrefix}'.", [nameof(NamePrefix)]);
        if (!IsId(SubnetId, Subnets))
            yield return WrongId(SubnetId, Subnets, nameof(SubnetId));
        if (!IsId(IdentityId, Identities))
            yield return WrongId(IdentityId, Identities, nameof(IdentityId));
        if (!string.IsNullOrEmpty(RegistryServer) && string.IsNullOrEmpty(IdentityId))
            yield return new($"It needs {nameof(IdentityId)} too: images are pulled by identity, never with a password.", [nameof(RegistryServer)]);
        if (!string.IsNullOrEmpty(RegistryServer) && (RegistryServer.Contains('/') || RegistryServer.Any(char.IsUpper)))
            yield return new($"It must be a host name in lower case; got '{RegistryServer}'.", [nameof(RegistryServer)]);
        foreach (var (address, name) in new[] { (ArmEndpoint, nameof(ArmEndpoint)), (AuthorityHost, nameof(AuthorityHost)) })
        {
            if (address is not null && (!address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttps))
                yield return new($"It must begin with https://, since tokens or secrets are sent there; got '{address}'.", [name]);
        }
    }

    private static ValidationResult Missing(string meaning, string name) =>
        new($"Jobs cannot run as container instances without it: it must be {meaning}.", [name]);

    private static bool IsId(string? id, string type) =>
        string.IsNullOrEmpty(id)
        || id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase) && id.Contains(type, StringComparison.OrdinalIgnoreCase);

    private static ValidationResult WrongId(string? id, string type, string name) =>
        new($"It must be a whole resource id, from /subscriptions/ on, with {type} in it; got '{id}'.", [name]);

    // With 40 characters of a job's id and ten digits of an attempt, 12 make a name of at most 63 characters.
    [GeneratedRegex("^(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*-$")]
    private static partial Regex Prefix();
}
