namespace Larder.Infrastructure.Tests;

/// <summary>What every file must keep to.</summary>
internal interface IRule
{
    IEnumerable<Finding> Check(BicepFile file, Sources sources);
}
