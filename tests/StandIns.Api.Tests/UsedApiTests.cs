using System.Reflection;
using StandIns.Api.Tests.Comparing;
using StandIns.Api.Tests.Printing;
using StandIns.Api.Tests.Using;

namespace StandIns.Api.Tests;

/// <summary>
/// What the rooms use of stood-in packages is in the packages: their compiled assemblies are walked, reference by reference. Together with
/// <see cref="StandInApiTests"/> this says that they compile against the official packages.
/// </summary>
public class UsedApiTests
{
    public static TheoryData<string> Rooms => ["Larder.Functions", "Larder.Orchestrations", "Larder.Registry", "Larder.Inference", "larder-trial"];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void What_a_room_uses_of_a_stand_in_is_published_by_the_package(string room)
    {
        var wrong = UsedMember.In(Assembly.Load(room)).Select(Problem).OfType<string>().ToList();

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    [Fact]
    public void The_walk_finds_types_methods_and_their_generic_forms()
    {
        var used = UsedMember.In(Assembly.Load("Larder.Orchestrations")).Select(member => member.ToString()).ToList();

        Assert.Contains("Microsoft.DurableTask.TaskOrchestrationContext", used);
        Assert.Contains(used, name => name.StartsWith("Microsoft.DurableTask.TaskOrchestrationContext.", StringComparison.Ordinal) && name.Contains(" CallActivityAsync["));
        Assert.Contains(used, name => name.Contains("ActivityTriggerAttribute.Void .ctor()"));
    }

    [Fact]
    public void A_member_that_only_friends_can_use_is_told_apart()
    {
        var hidden = new StandInFolder("Microsoft.Azure.Functions.Worker").LoadAssembly().GetTypes().First(type => !type.IsVisible && !type.IsNested);

        Assert.False(new UsedMember(hidden).IsVisible);
        Assert.True(new UsedMember(typeof(Microsoft.Azure.Functions.Worker.FunctionContext)).IsVisible);
    }

    private static string? Problem(UsedMember used)
    {
        if (!used.IsVisible)
            return $"{used} is not public.";
        var folder = new StandInFolder(used.Type.Assembly.GetName().Name!["StandIn.".Length..]);
        if (folder.ExemptBecause is not null)
            return null;
        var header = new ApiPrinter(withNullability: false).Print(used.Type).Header;
        return PublishedApi.Load(folder.Listings).Find(PublishedApi.NameOf(header)) is null ? $"{used} is not published by {folder}." : null;
    }
}
